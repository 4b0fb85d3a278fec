const path = require('node:path');
const { app, BrowserWindow, ipcMain } = require('electron');
const Store = require('electron-store');
const { SerialPort } = require('serialport');

const store = new Store();

function createWindow() {
  const window = new BrowserWindow({
    width: 900,
    height: 600,
    webPreferences: { preload: path.join(__dirname, 'preload.js') },
  });
  window.loadFile('renderer/index.html');
  if (process.env.LABELS_DEVTOOLS) window.webContents.openDevTools();
}

ipcMain.handle('ports', () => SerialPort.list());
ipcMain.handle('print', (_event, text) => {
  const port = new SerialPort({ path: store.get('port'), baudRate: 9600 });
  port.write(`${text}\n`);
});

app.whenReady().then(createWindow);
app.on('window-all-closed', () => app.quit());
