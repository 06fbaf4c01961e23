mode 0755 root:root
#!/bin/sh
# Made by cosyvoice-cluster from real_server/run.sh.j2; inventory sha256:HASH
# The next `cluster deploy` overwrites changes made here.
# Starts the app of the current release. Settings come from /etc/cosyvoice/app.env.
set -eu
cd -P /opt/cosyvoice/current
# A release may have an environment of its own.
python=$PWD/venv/bin/python
[ -x "$python" ] || python=/opt/cosyvoice/venv/bin/python
# Releases of other apps, and of this one before it had a name of its own, hold a package `app`.
package=cosyvoice_cluster.app
[ -d cosyvoice_cluster ] || package=app
exec "$python" -m "$package" --host :: --port 7860 --enable-queue
