"""Faces for programs: they parse the request, ask the archive or the stages, and write the answer."""
