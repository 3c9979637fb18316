export * from '../../../lib/testing/conformance/support/values.js';
