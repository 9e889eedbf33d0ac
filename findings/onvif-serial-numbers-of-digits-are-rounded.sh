#!/usr/bin/env bash
# Package: onvif 0.8.3 (npm), seen with Node 20; what it asks is a server of this script on the loopback interface.
# Behaviour: each text of a camera's answer that looks like a number becomes one: two cameras whose serial numbers are 21023100012345678901 and
#   21023100012345678902 have one and the same, 21023100012345680000; firmware 5.10 is firmware 5.1, and hardware "1.0" is 1. A serial number with a
#   letter or a leading 0 stays a text, so that a test with another maker's camera shows nothing.
# One would have guessed: the text that the camera sent. ONVIF's device.wsdl has SerialNumber, FirmwareVersion, HardwareId and Model as xs:string, and by
#   serial number cameras are told apart when their addresses change.
# Seen: [[21023100012345680000,5.1,1],[21023100012345680000,5.1,1],["021023100012345678","5.10.0",1]]   (serial number, firmware, hardware)
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes > /dev/null
npm install --silent --no-audit --no-fund onvif@0.8.3
cat > check.cjs <<'JS'
const http = require('node:http');
const { Cam } = require('onvif');

/** The answer of a camera to GetDeviceInformation. */
const answer = (serialNumber, firmware) => `<?xml version="1.0" encoding="UTF-8"?>
<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:tds="http://www.onvif.org/ver10/device/wsdl"><s:Body>
<tds:GetDeviceInformationResponse><tds:Manufacturer>Maker</tds:Manufacturer><tds:Model>Dome</tds:Model>
<tds:FirmwareVersion>${firmware}</tds:FirmwareVersion><tds:SerialNumber>${serialNumber}</tds:SerialNumber>
<tds:HardwareId>1.0</tds:HardwareId></tds:GetDeviceInformationResponse></s:Body></s:Envelope>`;

/** What the package tells of a camera that answers so. */
async function told(serialNumber, firmware) {
  const server = http.createServer((request, response) => {
    request.resume().on('end', () => response.setHeader('content-type', 'application/soap+xml').end(answer(serialNumber, firmware)));
  });
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  const camera = new Cam({ hostname: '127.0.0.1', port: server.address().port, autoconnect: false });
  const { promise, resolve, reject } = later();
  camera.getDeviceInformation((error, information) => (error ? reject(error) : resolve(information)));
  const information = await promise;
  server.closeAllConnections();
  server.close();
  return [information.serialNumber, information.firmwareVersion, information.hardwareId];
}

function later() {
  const parts = {};
  parts.promise = new Promise((resolve, reject) => Object.assign(parts, { resolve, reject }));
  return parts;
}

async function main() {
  const seen = [];
  for (const one of [
    ['21023100012345678901', '5.10'],
    ['21023100012345678902', '5.1'],
    ['021023100012345678', '5.10.0'],
  ])
    seen.push(await told(...one));
  console.log(JSON.stringify(seen));
  if (JSON.stringify(seen) === '[[21023100012345680000,5.1,1],[21023100012345680000,5.1,1],["021023100012345678","5.10.0",1]]') return;
  console.error('onvif behaves otherwise than stated above');
  process.exitCode = 1;
}
main();
JS
node check.cjs
