export * from '../../../lib/testing/conformance/support/refused.js';
