import { createRouter, createWebHistory } from 'vue-router'
import TimesView from '@/views/TimesView.vue'

export default createRouter({
  history: createWebHistory(import.meta.env.BASE_URL),
  routes: [{ path: '/:quay', component: TimesView }],
})
