import chromium from '@sparticuz/chromium';

/*
 * Unpacks the browser of the npm package into the folder for temporary files, which the parent has made for that
 * alone: the package takes what lies there by its name, also when another process has written half of it.
 * AWS_EXECUTION_ENV makes it unpack the shared libraries too that a system may lack.
 */
await chromium.executablePath();
