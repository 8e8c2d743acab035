import '@testing-library/jest-dom';
import { configure } from '@testing-library/react';

// jsdom has no canvas and says so loudly; axe-core asks for one and can do without.
HTMLCanvasElement.prototype.getContext = () => null;

// Whole screens of a table library take their time on a busy machine.
configure({ asyncUtilTimeout: 8_000 });
jest.setTimeout(60_000);
