export * from '../../../lib/testing/conformance/support/facts.js';
