"""What goes wrong with an export and is not the user's mistake."""


class ExportFailed(Exception):
    """What was written does not do what the trained model does; the message says where. Nothing is left behind."""
