# What the reader's terminal adds to a plain interactive bash: marks that tell the harness where it is. They are
# terminal sequences (OSC 133), so nothing of them is seen, and none of them needs PROMPT_COMMAND, which bash does not
# run after "event not found" nor between the lines of one paste.
#   D: it prompts; status and line of what ended      C: a command was read; status of the one before, its last line
#   2: it wants more lines                            L: the line of a simple command, at the moment it starts
unset HISTFILE PROMPT_COMMAND
unset -f command_not_found_handle
set -o history -H
PS1='\[\e]133;D;$?;$LINENO\a\]$ '
PS2='\[\e]133;2\a\]> '
PS0='\e]133;C;$?;$LINENO\a'
# Line numbers below this belong to functions and command substitutions, where bash counts from 1 again.
LINENO=100000
set -o functrace
trap '{ __reader_last=$_; printf "\e]133;L;%s\a" "$LINENO" >/dev/tty; : "$__reader_last"; } 2>/dev/null' DEBUG
