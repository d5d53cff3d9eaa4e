"""Texts of an attacker. Each one calls `__ran` with its number, if it can."""

from __future__ import annotations

FOREIGN = "http://sentinel.invalid"
"""Nothing may be asked for there."""

PATTERNS = [
    # Elements that run.
    "<script>__ran(%d)</script>",
    "</title><script>__ran(%d)</script>",
    "</script><script>__ran(%d)</script>",
    "</textarea><script>__ran(%d)</script>",
    "</style><script>__ran(%d)</script>",
    "<ScRiPt/x>__ran(%d)</sCrIpT >",
    "<script src=//sentinel.invalid/%d.js></script>",
    "<script type=module>__ran(%d)</script>",
    "<<script>__ran(%d)//<</script>",
    "<scr<script>ipt>__ran(%d)</scr</script>ipt>",
    "<noscript><p title='</noscript><script>__ran(%d)</script>'>",
    # Handlers of events.
    "<img src=x onerror=__ran(%d)>",
    "<img/src/onerror=__ran(%d)//",
    "\"><img src=x onerror=__ran(%d)>",
    "'><img src=x onerror=__ran(%d)>",
    "`><img src=x onerror=__ran(%d)>",
    "\" autofocus onfocus=__ran(%d) x=\"",
    "' autofocus onfocus=__ran(%d) x='",
    " onmouseover=__ran(%d) style=position:fixed;inset:0 ",
    "<body onload=__ran(%d)>",
    "<input autofocus onfocus=__ran(%d)>",
    "<details open ontoggle=__ran(%d)>x",
    "<video><source onerror=__ran(%d)></video>",
    "<audio src=x onerror=__ran(%d)></audio>",
    "<marquee onstart=__ran(%d)>x</marquee>",
    "<p style='animation:a' onanimationstart=__ran(%d)>x",
    "<object data='javascript:__ran(%d)'></object>",
    "<embed src='javascript:__ran(%d)'>",
    "<iframe src='javascript:parent.__ran(%d)'></iframe>",
    "<iframe srcdoc='<script>parent.__ran(%d)</script>'></iframe>",
    "<form><button formaction='javascript:__ran(%d)'>x</button></form>",
    # Links.
    "javascript:__ran(%d)",
    "JaVaScRiPt:__ran(%d)",
    "java\tscript:__ran(%d)",
    "[click](javascript:__ran(%d))",
    "[click](data:text/html,<script>__ran(%d)</script>)",
    "[click](vbscript:__ran(%d))",
    "<a href='javascript:__ran(%d)'>click</a>",
    "<a href='&#106;avascript:__ran(%d)'>click</a>",
    "![x](http://sentinel.invalid/%d.png)",
    "<javascript:__ran(%d)>",
    # SVG, MathML, styles, bases.
    "<svg onload=__ran(%d)>",
    "<svg><script>__ran(%d)</script></svg>",
    "<svg><animate onbegin=__ran(%d) attributeName=x dur=1s>",
    "<svg><use href='data:image/svg+xml,<svg id=x onload=__ran(%d)/>#x'/></svg>",
    "<svg><a href='javascript:__ran(%d)'><text y=20>click</text></a></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=__ran(%d)>",
    "<math href='javascript:__ran(%d)'>click</math>",
    "<style>@import '//sentinel.invalid/%d.css';</style>",
    "<link rel=stylesheet href=//sentinel.invalid/%d.css>",
    "<base href=//sentinel.invalid/%d/>",
    "<meta http-equiv=refresh content='0;url=//sentinel.invalid/%d'>",
    "</p><div style='background:url(//sentinel.invalid/%d)'>",
    # Templates, formulas, breaks.
    "{{constructor.constructor('__ran(%d)')()}}",
    "${__ran(%d)}",
    "#{__ran(%d)} <%%= __ran(1) %%>",
    "\\u003cscript\\u003e__ran(%d)\\u003c/script\\u003e",
    "%%3Cscript%%3E__ran(%d)%%3C/script%%3E",
    "&lt;script&gt;__ran(%d)&lt;/script&gt;",
    "x\r\nSet-Cookie: a=%d\r\n\r\n<script>__ran(1)</script>",
    "]]><script>__ran(%d)</script><!--",
    "=HYPERLINK(\"http://sentinel.invalid/%d\")",
    # What readers do not see, and what is too much.
    "\u202e<script>__ran(%d)</script>\u202d\u2066",
    "\u200b\ufeff<img src=x onerror=__ran(%d)>\u0001\u0008\u001b[31m",
    "\ud7ff\uffff𝒳 %d e\u0301" + "\u0301" * 40,
    "W%d" + "W" * 240,
    "../../../etc/passwd?%d#<script>",
]
TEXTS = [pattern % number for number, pattern in enumerate(PATTERNS)]
