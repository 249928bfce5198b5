"""Who gains from the profile: the numbers, figures and page of ``lamp-metric report``.

From the bottom up: ``profile_similarity``, ``gains``, ``summary``, ``figures``, ``report_folder``.
"""
