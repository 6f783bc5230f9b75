# python3 for a host that has none, without the package manager's own records: the host's are others.
tar -C "$added" -cf "$TARGET/python.tar" usr/bin usr/lib
