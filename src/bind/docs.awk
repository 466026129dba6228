# Prints, as C string literals, the comments that begin a line and have a `Call:` line. Before
# each stands "@FILE:LINE", the place of what follows it.
FNR == 1 { inside = 0 }
!inside && /^\/\*/ { inside = 1; wanted = 0; n = 0 }
inside {
  line = $0
  closes = line ~ /\*\/[ \t]*$/
  sub(/^\/\* ?/, "", line)
  sub(/^ \* ?/, "", line)
  sub(/[ \t]*\*\/[ \t]*$/, "", line)
  if (line ~ /^(Call|Topic): /) wanted = 1
  lines[++n] = line
  if (closes) {
    inside = 0
    if (wanted) {
      printf "\"@%s:%d\\n\"\n", FILENAME, FNR + 1
      for (i = 1; i <= n; i++) {
        gsub(/\\/, "\\\\\\\\", lines[i])
        gsub(/"/, "\\\\\"", lines[i])
        printf "\"%s\\n\"\n", lines[i]
      }
    }
  }
}
END { print "\"\"" }
