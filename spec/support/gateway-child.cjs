'use strict'

// A gateway in front of Elasticsearch, in a process of its own. Plain JavaScript, because Node.js runs it as it is.

const [folder, settings] = process.argv.slice(2)
const { asyncQueryRouter, ElasticsearchStore, jwtCaller } = require(`${folder}/dist/index.js`)
const express = require('express')

const { caller, store: options } = JSON.parse(settings)
const store = new ElasticsearchStore(options)
const router = asyncQueryRouter({ store, resolveCaller: jwtCaller(caller) })
const server = express().use(router).listen(0, '127.0.0.1')

server.on('listening', () => process.send({ url: `http://127.0.0.1:${server.address().port}` }))

// What the process holds on to: its timers and sockets, by their kind.
process.on('message', () => process.send({ resources: process.getActiveResourcesInfo() }))
