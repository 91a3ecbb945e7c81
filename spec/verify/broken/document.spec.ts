import { describeBrokenServers } from '../../support/describe-broken-servers'

describeBrokenServers('document')
