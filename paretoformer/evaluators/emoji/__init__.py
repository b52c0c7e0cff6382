"""Emoji as pictures with names, in families of look-alikes."""
