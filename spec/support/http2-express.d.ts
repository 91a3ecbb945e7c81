declare module 'http2-express' {
  import type express from 'express'

  const createHttp2Express: (library: typeof express) => express.Express
  export default createHttp2Express
}
