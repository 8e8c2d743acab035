export {
  kubeconfigFor,
  startApiServer,
  type ApiServerOptions,
  type RunningApiServer,
} from './api-server/startApiServer';
