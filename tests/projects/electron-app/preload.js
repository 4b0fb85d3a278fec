const { contextBridge, ipcRenderer } = require('electron');

contextBridge.exposeInMainWorld('printer', {
  ports: () => ipcRenderer.invoke('ports'),
  print: (text) => ipcRenderer.invoke('print', text),
});
