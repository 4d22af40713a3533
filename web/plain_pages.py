"""Plain HTML pages from templates: text and one inline style, no scripts, nothing from other hosts."""

import hashlib
from base64 import b64encode


def headers_of(style: str, *, form_action: str = "'none'", images: str = "'none'") -> dict[str, str]:
    """The headers of such a page: they allow only this style, forms to `form_action`, and images from `images`."""
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
