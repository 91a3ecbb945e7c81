import { describeBrokenServers } from '../../support/describe-broken-servers'

describeBrokenServers('wire')
