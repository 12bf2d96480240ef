// pm2 start deploy/ecosystem.config.cjs
const { join } = require('node:path')

const root = join(__dirname, '..')

module.exports = {
  apps: [
    {
      name: 'logicaproxy',
      script: join(root, 'bin', 'logicaproxy.cjs'),
      args: ['-config', process.env.LOGICAPROXY_CONFIG || join(root, 'config.yaml')],
      cwd: root,
      // One process: PM2's cluster mode would give every worker its own view of the accounts.
      exec_mode: 'fork',
      instances: 1,
      autorestart: true,
      restart_delay: 5000,
      // Longer than drain-seconds (30); PM2's own 1.6 seconds would cut running answers.
      kill_timeout: 45000,
      // PM2's watcher would restart on every change; the program reloads its config itself.
      watch: false,
      env: { NODE_ENV: 'production' },
    },
  ],
}
