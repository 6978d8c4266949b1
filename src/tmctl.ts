#!/usr/bin/env node
/**
 * `tmctl` is `nat46 tmctl`: main.ts sees from the name of this file which of the two was called.
 */
import './main.ts';
