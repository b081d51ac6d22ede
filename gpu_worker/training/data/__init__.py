"""Recordings in, clips with controls, phones and papers out, in shards."""
