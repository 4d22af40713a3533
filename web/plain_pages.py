"""Plain pages for people, made from a template of ours: text, one style of their own, no script, nothing from elsewhere."""

import hashlib
from base64 import b64encode


def headers_of(style: str, *, form_action: str = "'none'", images: str = "'none'") -> dict[str, str]:
    """The headers of such a page: they let in this style alone, forms only to `form_action`, pictures only from `images`."""
    digest = b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = (
        "default-src 'none'",
        f"style-src 'sha256-{digest}'",
        f"img-src {images}",
        "base-uri 'none'",
        f"form-action {form_action}",
        "frame-ancestors 'none'",
    )
    return {
        "Content-Security-Policy": "; ".join(policy),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Referrer-Policy": "no-referrer",
        "X-Frame-Options": "DENY",
    }
