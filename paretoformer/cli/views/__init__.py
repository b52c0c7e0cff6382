"""What commands show, as Rich renderables."""
