/**
 * onnxruntime 1.30 collects what it runs in a database under ~/.cache/Microsoft and sends it to Microsoft. What a camera
 * does is nobody's business: this is imported before it, on the main thread too, for a worker's `process.env` is a copy
 * which native code does not see.
 */
process.env.ORT_DISABLE_TELEMETRY = '1';
