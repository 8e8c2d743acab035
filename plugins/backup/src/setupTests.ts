import '@testing-library/jest-dom';

// jsdom has no canvas and says so loudly; axe-core asks for one and can do without.
HTMLCanvasElement.prototype.getContext = () => null;
