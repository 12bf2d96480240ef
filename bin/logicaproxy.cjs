#!/usr/bin/env node
// Old syntax on purpose: this file has to run on an old Node.js in order to say what is wrong.
'use strict'
var major = Number(process.versions.node.split('.')[0])
if (major < 24) {
  console.error(
    'logicaproxy needs Node.js 24 or newer, and this is ' +
      process.version +
      ' (' +
      process.execPath +
      ').\nInstall a newer one from https://nodejs.org, or run: npx -p node@24 -p logicaproxy logicaproxy',
  )
  process.exit(1)
}
var compileCache = require('node:module').enableCompileCache
if (compileCache) compileCache()
import('../dist/cli/main.js')
