"""Who gains from the profile: the numbers, figures and page of ``lamp-metric report``.

From the bottom up: ``profile_similarity``, ``frame``, ``gains_by_trait``, ``summary``, ``figures``, ``html_page``,
``report_folder``.
"""
