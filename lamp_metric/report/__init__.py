"""Who gains from the profile: the numbers (``gains``), and the folder of ``lamp-metric report`` (``report_folder``)."""
