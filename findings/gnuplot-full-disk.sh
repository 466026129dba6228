#!/bin/sh
# gnuplot does not say when a figure could not be written: a full disk leaves half a picture and exit status 0.
#
# gnuplot 5.4.4 (Debian 12) checks whether the output file can be opened, but not whether writing and closing it
# worked. Into a device that is always full (/dev/full) it plots with every terminal, prints nothing, and ends with
# status 0; a script that then renames the new file over the last good figure destroys it.
# ResMoon: gnuplot writes to a pipe, and the file is written, checked and synced by us before it takes the name.
set -eu
version=5.4.4+dfsg1-2+b2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
chmod 755 "$folder"
cd "$folder"
packages=$(apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces \
  --no-enhances gnuplot-nox | grep -E '^(lib(gd|cairo|pango|lua|wx|cerf|edit|readline|bsd|md)|gnuplot)' \
  | grep -v '^gnuplot-nox$' | sort -u)
apt-get download "gnuplot-nox=$version" $packages >log 2>&1 || { tail -n 3 log; exit 1; }
for package in *.deb; do dpkg -x "$package" root; done
library=$folder/root/usr/lib/$(dpkg-architecture -qDEB_HOST_MULTIARCH 2>/dev/null || echo x86_64-linux-gnu)
failed=0
for terminal in pngcairo pdfcairo svg; do
  status=0
  export LD_LIBRARY_PATH="$library"
  root/usr/bin/gnuplot-nox -e "set terminal $terminal; set output 'figure'; plot x" >out 2>&1
  root/usr/bin/gnuplot-nox -e "set terminal $terminal; set output '/dev/full'; plot x" >>out 2>&1 || status=$?
  unset LD_LIBRARY_PATH
  echo "gnuplot-nox $version, a figure of $(wc -c <figure) bytes ($terminal) into a full device: status $status," \
    "$(wc -c <out) bytes of messages"
  if [ "$status" != 0 ] || [ -s out ]; then failed=1; fi
done
[ "$failed" = 0 ] || echo 'changed: status 0 and no message were seen'
exit "$failed"
