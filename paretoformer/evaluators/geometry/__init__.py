"""Points that pixels show: generated scenes, a real pair of pictures, and joining many views."""
