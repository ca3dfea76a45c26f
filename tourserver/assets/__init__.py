"""Files that points of a tour show: pictures, films, documents, captions; and a site's plan."""
