import axios from 'axios';

const api = axios.create({ baseURL: process.env.REACT_APP_API_URL || '/api', timeout: 5000 });

export const nextQuestion = () => api.get('/questions/next').then((response) => response.data);
