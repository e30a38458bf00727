// Uploads one file with the real tus-js-client: node tus_client.cjs <client> <endpoint> <token> <file> <piece>.
// Goes on through lost connections and restarted servers; prints the upload's address at the end.
const fs = require("node:fs");
const [, , clientPath, endpoint, token, path, piece] = process.argv;
const tus = require(clientPath);

const upload = new tus.Upload(fs.createReadStream(path), {
  endpoint,
  chunkSize: Number(piece),
  uploadSize: fs.statSync(path).size,
  retryDelays: Array(600).fill(50),
  headers: { "Upload-Token": token },
  metadata: { filename: "一张照片.jpg" },
  onProgress: (sent) => process.stdout.write(`sent ${sent}\n`),
  onError: (error) => {
    process.stderr.write(`${error}\n`);
    process.exit(1);
  },
  onSuccess: () => {
    process.stdout.write(`done ${upload.url}\n`);
    process.exit(0);
  },
});
upload.start();
