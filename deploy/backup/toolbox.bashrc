
# The toolbox: where a reader follows the runbooks. Everything that a page reads is set (deploy/backup/furnish.ts wrote it when the
# container started), and the prompt is marked with OSC 133, so that a terminal knows where a command begins and ends.
[ -r "${BASH_ENV:-/run/toolbox/environment}" ] && . "${BASH_ENV:-/run/toolbox/environment}"
if [ -n "${DRILLBOOK_TERMINAL:-}" ]; then
  # A rehearsal's terminal tells the lane more of its lines.
  . /app/src/rehearsal/terminal/reader.bashrc
else
  PS1='\[\e]133;D;$?\a\e]133;A\a\]toolbox:\w\$ \[\e]133;B\a\]'
  PS2='> '
  PS0='\e]133;C\a'
fi
