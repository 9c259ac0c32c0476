"""Make prepared data sets from folders and official lists."""
