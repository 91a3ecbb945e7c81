import type { ChildProcess } from 'node:child_process'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import express from 'express'
import { asyncQueryRouter, MemoryStore, newSealingKey } from 'express-esql-async-query'
import { parse, parseAllDocuments } from 'yaml'
import { parseCommandLine } from '../../lib/server/config'
import { peerDependencies } from '../../package.json'
import { CERTIFICATE } from '../support/certificate'
import { pageOf } from '../support/documented'
import { Engine } from '../support/engine'
import { freePort } from '../support/free-port'
import { type Consumer, createConsumer } from '../support/packed'
import { programAt } from '../support/programs'
import { blocksIn } from '../support/snippets'
import { until } from '../support/until'

const ROOT = path.join(__dirname, '..', '..')
const page = pageOf('docs/deploy.md')
const [compose = '', manifests = ''] = blocksIn(page, 'yaml')

/** What the image of the page runs. */
const [, command = ''] = /^CMD (.*)$/m.exec(blocksIn(page, 'dockerfile')[0] ?? '') ?? []
const [program = '', ...args] = JSON.parse(command) as string[]

let folder: string
const children: ChildProcess[] = []

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'deploy-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
})

describe('the image', () => {
  let consumer: Consumer
  beforeAll(() => {
    consumer = createConsumer()
  }, 120_000)
  afterAll(() => consumer.remove())

  it('installs what the package needs', () => {
    const [, packages = ''] = /^RUN npm install (.*)$/m.exec(blocksIn(page, 'dockerfile')[0] ?? '') ?? []
    expect(packages.split(' ')).toEqual(['express', 'express-esql-async-query'])
    expect(Object.keys(peerDependencies)).toContain('express')
  })

  it('starts the gateway of the composition, whose check of health passes, and which ends with 0', async () => {
    const { environment, healthcheck } = parse(compose).services.queries
    copyFileSync(path.join(ROOT, 'sample-queries.json'), path.join(folder, 'queries.json'))
    const child = spawn(program, args, {
      cwd: consumer.folder,
      env: {
        PATH: process.env.PATH,
        ...environment,
        ESQL_ASYNC_PORT: '0',
        ESQL_ASYNC_CATALOGUE: environment.ESQL_ASYNC_CATALOGUE.replace('/queries', folder),
      },
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    children.push(child)
    let printed = ''
    while (!printed.endsWith('\n')) printed += String((await once(child.stdout, 'data'))[0])
    const { port } = new URL(JSON.parse(printed).url)
    const [kind, node, ...check] = healthcheck.test as string[]
    expect([kind, node]).toEqual(['CMD', 'node'])
    await promisify(execFile)(
      process.execPath,
      check.map((text) => text.replace('localhost:3000', `localhost:${port}`)),
    )
    child.kill('SIGTERM')
    expect(await once(child, 'exit')).toEqual([0, null])
  }, 60_000)
})

describe('the manifests for Kubernetes', () => {
  const [deployment, service] = parseAllDocuments(manifests).map((document) => document.toJS())
  const { spec: pod, metadata } = deployment.spec.template
  const [container] = pod.containers

  it('give the gateway settings that it takes', () => {
    const certificate = path.join(folder, 'ca.crt')
    writeFileSync(certificate, CERTIFICATE)
    const secrets: Record<string, string> = { 'api-key': 'YXBpOmtleQ==', 'sealing-keys': newSealingKey() }
    const environment = Object.fromEntries(
      (
        container.env as { name: string; value?: string; valueFrom?: { secretKeyRef: { key: string } } }[]
      ).map(({ name, value, valueFrom }) => [name, value ?? secrets[valueFrom?.secretKeyRef.key ?? '']]),
    )
    const parsed = parseCommandLine([], { ...environment, ELASTICSEARCH_CA_FILE: certificate })
    expect(parsed).toMatchObject({ action: 'serve', config: { router: { maxWaitMs: 55_000 } } })
    if (parsed.action !== 'serve') return
    const { shutdownDelayMs, shutdownGraceMs } = parsed.config
    const { periodSeconds, failureThreshold } = container.readinessProbe
    expect(shutdownDelayMs).toBeGreaterThan(periodSeconds * failureThreshold * 1_000)
    expect(pod.terminationGracePeriodSeconds * 1_000).toBeGreaterThan(shutdownDelayMs + shutdownGraceMs)
  })

  it('ask the probes that the gateway has, and reach its port', () => {
    const [{ containerPort }] = container.ports
    const probes = [container.livenessProbe, container.readinessProbe].map(({ httpGet }) => httpGet)
    expect(probes).toEqual(['/healthz', '/readyz'].map((path) => ({ path, port: containerPort })))
    expect(service.spec.ports[0].targetPort).toBe(containerPort)
    expect([service.spec.selector, deployment.spec.selector.matchLabels]).toEqual([
      metadata.labels,
      metadata.labels,
    ])
    expect(container.volumeMounts.map(({ name }: { name: string }) => name)).toEqual(
      pod.volumes.map(({ name }: { name: string }) => name),
    )
  })
})

const NGINX = programAt('nginx')

describe('nginx', () => {
  const engine = new Engine()
  const router = asyncQueryRouter({
    store: new MemoryStore({ execute: engine.execute }),
    resolveCaller: () => ({ owner: 'alice' }),
  })
  let server: Server | undefined
  const versions = new Set<string>()

  afterEach(() => {
    server?.closeAllConnections()
    server?.close()
  })

  ;(NGINX ? it : it.skip)(
    'hands requests on, and the leaving of clients',
    async () => {
      const app = express().use((request, _response, next) => {
        versions.add(request.httpVersion)
        next()
      }, router)
      server = app.listen(0, '127.0.0.1')
      await once(server, 'listening')
      const url = await startNginx((server.address() as AddressInfo).port)
      const post = (body: object, signal?: AbortSignal) =>
        fetch(`${url}/_query/async`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
          ...(signal && { signal }),
        })
      const { id } = (await (await post({ query: 'ROW n = 1', keep_on_completion: true })).json()) as {
        id: string
      }
      const read = await fetch(`${url}/_query/async/${id}?format=csv`)
      expect([read.status, (await read.text()).split('\r\n')[0]]).toEqual([200, 'n,name,price,gone'])
      const client = new AbortController()
      const left = post({ query: 'RUN', wait_for_completion_timeout: '1h' }, client.signal).catch(
        () => 'left',
      )
      await until(() => router.waiting === 1)
      client.abort()
      expect(await left).toBe('left')
      await until(() => router.waiting === 0)
      expect([...versions]).toEqual(['1.1'])
    },
    60_000,
  )

  async function startNginx(gatewayPort: number): Promise<string> {
    const port = await freePort()
    const config = (blocksIn(page, 'nginx')[0] ?? '')
      .replace('127.0.0.1:3000', `127.0.0.1:${gatewayPort}`)
      .replace('listen 8080', `listen 127.0.0.1:${port}`)
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      (name) => `${name}_temp_path ${folder}/${name};`,
    )
    const file = path.join(folder, 'nginx.conf')
    const frame = `daemon off; master_process off; pid ${folder}/nginx.pid; events {}`
    writeFileSync(file, `${frame}\nhttp {\naccess_log off;\n${temporary.join('\n')}\n${config}}\n`)
    const child = spawn(NGINX ?? '', ['-e', 'stderr', '-p', folder, '-c', file], {
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    children.push(child)
    await until(() => child.exitCode !== null || existsSync(path.join(folder, 'nginx.pid')))
    expect(child.exitCode).toBeNull()
    return `http://127.0.0.1:${port}`
  }
})
