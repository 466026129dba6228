import os, pty, time
pid, fd = pty.fork()
if pid==0:
    os.environ.update(TERM='xterm'); os.execv('build/release/resmoon', ['resmoon'])
time.sleep(0.5)
for t in ["x = {1,\n2}\n", "x\n", "for i=1,2 do\nprint(i)\nend\n", "'abc\n", "f(\n\x03", "1+1;\n", "_\n", "widht\n","time 1+1\n", "exit\n"]:
    os.write(fd, t.encode()); time.sleep(0.2)
try:
    while True:
        d=os.read(fd, 4096)
        if not d: break
        print(d.decode(), end='')
except OSError: pass
