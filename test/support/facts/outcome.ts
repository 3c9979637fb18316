export * from '../../../lib/testing/conformance/support/outcome.js';
