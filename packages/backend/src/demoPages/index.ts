export { demoPagesPlugin as default } from './plugin';
