/** What each shell must be told so that it asks `knot __complete`. */

/** The shells that knot knows. */
export const SHELLS = ['bash', 'zsh', 'fish', 'powershell'] as const
export type Shell = (typeof SHELLS)[number]

/** The script of a shell. Where knot has nothing to offer, the shell offers files. */
export const SCRIPTS: Readonly<Record<Shell, string>> = {
  bash: `_knot() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    COMPREPLY+=("\${line%%$'\\t'*}")
  done < <(knot __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _knot knot`,

  zsh: `#compdef knot
_knot() {
  local line word about
  local -a found
  while IFS= read -r line; do
    word="\${\${line%%$'\\t'*}//:/\\\\:}" about="\${line#*$'\\t'}"
    # With nothing behind the colon zsh would say so, in a column of its own.
    found+=("\$word\${about:+:\$about}")
  done < <(knot __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)
  if (( $#found )); then _describe knot found; else _files; fi
}
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
if [[ "\${funcstack[1]}" == _knot ]]; then _knot "$@"; else compdef _knot knot; fi`,

  fish: `function __knot_complete
  set -l words (commandline -opc)
  # A word that begins with a quote is asked for without it.
  set -l typed (string replace -r '^["\\']' '' -- (commandline -ct))
  set -l found (knot __complete $words[2..-1] "$typed" 2>/dev/null)
  if test (count $found) -gt 0
    printf '%s\\n' $found
  else
    __fish_complete_path "$typed"
  end
end
complete -c knot -f -a '(__knot_complete)'`,

  powershell: `Register-ArgumentCompleter -Native -CommandName knot -ScriptBlock {
  param($typed, $ast, $cursor)
  $words = @($ast.CommandElements | Select-Object -Skip 1 | ForEach-Object { $_.ToString() })
  # An empty argument does not reach a program in every PowerShell.
  if ($typed -eq '') { $words = @('--new-word') + $words }
  knot __complete @words 2>$null | ForEach-Object {
    $word, $about = $_ -split "\`t", 2
    if (-not $about) { $about = $word }
    [System.Management.Automation.CompletionResult]::new($word, $word, 'ParameterValue', $about)
  }
}`,
}
