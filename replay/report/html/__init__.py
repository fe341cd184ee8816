"""Reports as one HTML file each: no network, no script but its own, and nothing from a capture becomes markup.

`frame` is what every such file shares: the page around a template, the style, and the policy. `check` is the report of
`omadm check`; `marks`, `sequence`, `timed` and `drawing` make its drawings, `exchanges` and `bodies` its messages.
"""
