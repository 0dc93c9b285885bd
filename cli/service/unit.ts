/** The files that tell a system to keep a daemon running: a systemd unit, a launchd agent. */
import { basename } from 'node:path'

/** What a service runs. Every path is absolute: a service has neither a folder nor a shell. */
export type ServiceSpec = {
  root: string
  node: string
  knotd: string
  log: string
  /** Where git and the programs of checks are found. */
  path: string
}

/** A name that is this checkout's alone, and tells a person which it is. */
export function serviceName(root: string): string {
  const folder = basename(root).toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '')
  // Not at the top: every command is in one file with this, and would load it.
  const { createHash } = process.getBuiltinModule('node:crypto')
  const digest = createHash('sha256').update(root).digest('hex').slice(0, 8)
  return [folder.slice(0, 40), digest].filter((part) => part !== '').join('-')
}

/** A unit for `systemctl --user`. */
export function systemdUnit({ root, node, knotd, log, path }: ServiceSpec): string {
  const command = [node, knotd, '--home', root].map(quoted).join(' ')
  return `# Written by knot service install; knot service uninstall removes it.
[Unit]
Description=knot daemon of ${plain(root)}

[Service]
ExecStart=${command}
WorkingDirectory=${plain(root)}
Environment=${quoted(`PATH=${path}`)}
StandardOutput=append:${plain(log)}
StandardError=append:${plain(log)}
Restart=on-failure
RestartSec=5

[Install]
WantedBy=default.target
`
}

/** An agent for `launchctl`. */
export function launchdAgent(label: string, spec: ServiceSpec): string {
  const { root, node, knotd, log, path } = spec
  const words = [node, knotd, '--home', root].map((word) => `    <string>${xml(word)}</string>`)
  return `<?xml version="1.0" encoding="UTF-8"?>
<!-- Written by knot service install; knot service uninstall removes it. -->
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN"
  "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key>
  <string>${xml(label)}</string>
  <key>ProgramArguments</key>
  <array>
${words.join('\n')}
  </array>
  <key>WorkingDirectory</key>
  <string>${xml(root)}</string>
  <key>EnvironmentVariables</key>
  <dict>
    <key>PATH</key>
    <string>${xml(path)}</string>
  </dict>
  <key>RunAtLoad</key>
  <true/>
  <key>KeepAlive</key>
  <dict>
    <key>SuccessfulExit</key>
    <false/>
  </dict>
  <key>StandardOutPath</key>
  <string>${xml(log)}</string>
  <key>StandardErrorPath</key>
  <string>${xml(log)}</string>
</dict>
</plist>
`
}

/** A word of a command: quoted, and nothing in it a specifier or a variable. */
function quoted(word: string): string {
  return `"${plain(word).replace(/["\\]/g, '\\$&').replaceAll('$', '$$$$')}"`
}

function plain(text: string): string {
  return text.replaceAll('%', '%%')
}

function xml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
