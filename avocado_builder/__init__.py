"""LaMP_6 from licensed files of the Avocado Research Email Collection."""
