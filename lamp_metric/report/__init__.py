"""Who gains from the profile: the numbers, figures and page of ``lamp-metric report``.

From the bottom up: ``profiles`` (how near a user's own items are to an input), ``frame`` (all that is known of each
sample and user), ``traits`` (gains against a trait), ``summary`` (every number of the report), ``figures``,
``document`` (the page, with ``report.html``), ``making`` (writing it all).
"""
