"""The stages in order, with files, models and memory around them.

`hear` turns a recording into a transcript, `plan` a transcript and a tune into a song document, and
`render` a song document into files; `doors` are the functions that Python and the command line share.
"""
