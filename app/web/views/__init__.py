"""HTML of the page's own parts. Pure: data in, HTML in both languages out, all of it escaped."""
